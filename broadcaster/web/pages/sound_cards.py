"""The page 声卡: the sound cards, and the one that the amplifier is connected to."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broadcaster.core.errors import DeviceLost
from broadcaster.web.base.language import _, own
from broadcaster.web.base.page_context import parts

pages = Blueprint("cards", __name__, url_prefix="/more/cards")


@pages.get("")
def home() -> ResponseReturnValue:
    return render_template("cards.html", device=parts().station.device())


@pages.post("")
def use() -> ResponseReturnValue:
    try:
        card = parts().station.use_card(request.form.get("card", ""))
        flash(_("记下了：功放接在声卡 %(card)s，以后从这里响。", card=own(card)))
    except DeviceLost as error:
        flash(str(error))
    return redirect(url_for("cards.home"), 303)
