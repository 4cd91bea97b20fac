// Keeps on the phone what is typed into a form, at each letter, until it was sent: each person's own.
"use strict";

(() => {
  const WEEK = 7 * 24 * 3600 * 1000;
  const MOST = 20;
  const list = document.getElementById("unfinished") || document.getElementById("unfinished-link");
  const form = document.querySelector("[data-draft]");
  // Who may only look writes nothing.
  if (!list && !form) return;
  const owner = (list || form).dataset.owner;
  const start = `draft ${document.body.dataset.root} ${owner} `;
  // By this phone; or by another, and then up to which revision. What was dropped was not aired.
  const dropped = new Set();
  const sent = new Map((list && list.dataset.sent || "").split(" ").map((one) => {
    const [id, told] = one.split(":");
    const revision = Number(told || Infinity);
    if (revision < 0) dropped.add(id);
    return [id, Math.abs(revision)];
  }));

  // A phone whose storage is full or shut writes on without it.
  function store(act) {
    try {
      return act(window.localStorage);
    } catch (error) {
      return null;
    }
  }

  function copies() {
    return store((kept) => Object.keys(kept).filter((key) => key.startsWith(start)).map((key) => {
      const copy = JSON.parse(kept.getItem(key));
      return Object.assign(copy, { key, id: key.slice(start.length) });
    })) || [];
  }

  function put(key, copy) {
    store((kept) => kept.setItem(key, JSON.stringify(copy)));
  }

  function forget(key) {
    store((kept) => kept.removeItem(key));
  }

  // Words that the box has not seen are of no revision.
  function wasSent(copy) {
    return sent.get(copy.id) >= (copy.sent ? copy.revision + 1 : Infinity);
  }

  // It was written on after another phone had sent it: an id is sent once.
  function setApart(copy) {
    const random = Array.from(crypto.getRandomValues(new Uint8Array(6)));
    const id = random.map((byte) => (256 + byte).toString(16).slice(1)).join("");
    const apart = { after: true, sent: false, revision: 0, address: copy.address.replace(copy.id, id) };
    put(start + id, Object.assign({}, copy, apart));
    forget(copy.key);
  }

  function tidy() {
    const all = copies().sort((one, other) => other.at - one.at);
    all.forEach((copy, place) => {
      const old = Date.now() - copy.at > WEEK || place >= MOST;
      if (old || wasSent(copy)) forget(copy.key);
      else if (sent.has(copy.id) && !dropped.has(copy.id)) setApart(copy);
    });
  }

  function read() {
    const left = ["csrf_token", "notice_id", "draft_id", "pattern"];
    return Array.from(new FormData(form).entries())
      .filter((pair) => typeof pair[1] === "string" && left.indexOf(pair[0]) < 0);
  }

  function save(isSent) {
    const copy = {
      at: Date.now(),
      form: form.dataset.draft,
      address: form.dataset.address,
      revision: Number(form.dataset.revision),
      sent: isSent,
      fields: read(),
    };
    put(start + form.dataset.id, copy);
    if (location.pathname !== copy.address) history.replaceState(null, "", copy.address);
  }

  // Fields of one name are filled in their order; a choice is made by its value.
  function fill(fields) {
    const values = {};
    fields.forEach((pair) => { (values[pair[0]] = values[pair[0]] || []).push(pair[1]); });
    Array.from(form.elements).forEach((field) => {
      const given = values[field.name] || [];
      const ours = field.type === "hidden" && field.name !== "replaces";
      if (ours) given.shift();
      if (!field.name || ours || field.tagName === "BUTTON") return;
      if (field.type === "radio" || field.type === "checkbox") {
        field.checked = given.indexOf(field.value) >= 0;
      } else if (given.length && field.type !== "file") {
        field.value = given.shift();
      }
    });
    Array.from(form.querySelectorAll("details")).forEach((part) => {
      const filled = Array.from(part.querySelectorAll("input")).some(
        (field) => (field.type === "radio" || field.type === "checkbox")
          ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);
      if (filled) part.open = true;
    });
  }

  function writeOn() {
    const copy = copies().find((one) => one.id === form.dataset.id);
    const older = copy && copy.sent && Number(form.dataset.revision) > copy.revision;
    if (copy && !older) fill(copy.fields);
    if ("begun" in form.dataset) {
      if (!copy) save(false);
      forget(start + form.dataset.begun);
    }
    form.addEventListener("input", () => save(false));
    form.addEventListener("change", () => save(false));
    form.addEventListener("submit", () => save(true));
  }

  function words(copy) {
    const said = copy.fields.filter((pair) => ["text", "blank", "name"].indexOf(pair[0]) >= 0 && pair[1]);
    const text = said.length ? said.map((pair) => pair[1]).join("，") : "……";
    return text.length > 40 ? `${text.slice(0, 38)}……` : text;
  }

  function show(copy) {
    const pattern = document.getElementById("one-unfinished");
    const row = document.importNode(pattern.content, true).firstChild;
    const what = row.querySelector(".what");
    what.textContent = words(copy);
    if (copy.after) what.appendChild(document.createElement("small")).textContent = pattern.dataset[copy.form];
    const link = row.querySelector("a");
    link.href = copy.address;
    const button = row.querySelector("button");
    const drop = button.textContent;
    button.addEventListener("click", () => {
      link.hidden = !link.hidden;
      if (link.hidden) forget(copy.key);
      else put(copy.key, copy);
      button.textContent = link.hidden ? button.dataset.back : drop;
    });
    list.appendChild(row);
  }

  function typed(copy) {
    return copy.fields.some((pair) => ["text", "blank"].indexOf(pair[0]) >= 0 && pair[1].trim());
  }

  function tell() {
    const here = form ? form.dataset.id : "";
    const known = list.dataset.ids === undefined
      ? Array.from(list.children).map((row) => row.dataset.id)
      : list.dataset.ids.split(" ").filter(Boolean);
    const more = copies().filter((copy) => known.indexOf(copy.id) < 0 && copy.id !== here && typed(copy));
    if (list.tagName === "A") {
      const count = known.length + more.length;
      list.hidden = count === 0;
      list.textContent = list.dataset.words.replace("{}", count);
      return;
    }
    more.forEach(show);
    const card = document.getElementById("unfinished-here");
    if (card) card.hidden = !list.children.length;
  }

  if (!owner) return;
  tidy();
  if (form) writeOn();
  if (list) tell();
})();
