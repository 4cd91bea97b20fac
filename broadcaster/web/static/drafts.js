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
  const sent = (list && list.dataset.sent || "").split(" ");

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

  function forget(key) {
    store((kept) => kept.removeItem(key));
  }

  function tidy() {
    const all = copies().sort((one, other) => other.at - one.at);
    all.forEach((copy, place) => {
      const old = Date.now() - copy.at > WEEK || place >= MOST;
      if (old || sent.indexOf(copy.id) >= 0) forget(copy.key);
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
    store((kept) => kept.setItem(start + form.dataset.id, JSON.stringify(copy)));
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
    const row = document.importNode(document.getElementById("one-unfinished").content, true).firstChild;
    row.querySelector(".what").textContent = words(copy);
    const link = row.querySelector("a");
    link.href = copy.address;
    const button = row.querySelector("button");
    const drop = button.textContent;
    button.addEventListener("click", () => {
      link.hidden = !link.hidden;
      if (link.hidden) forget(copy.key);
      else store((kept) => kept.setItem(copy.key, JSON.stringify(copy)));
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
