"""The release from which the voice `baker` is made, and the recipe's number."""

WHEEL_SHA256 = "dad073dff12ccd55508a870f304559a6c309edaddb3536e95e2ddc79f2dab424"
RECIPE = 2  # raised when the models made from this wheel change; scripts/setup then makes them anew
# Whose files this release still speaks with: a box speaks on until it has the new ones.
OLDEST_RECIPE = 2
MODEL_VERSION = f"{WHEEL_SHA256[:8]}.{RECIPE}"


def can_speak(model: str) -> bool:
    recipe = model.rpartition(".")[2]
    return recipe.isdecimal() and int(recipe) >= OLDEST_RECIPE
