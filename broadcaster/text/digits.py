"""Says the digits of a number: as an amount, one by one, or as a telephone number."""

DIGITS = "零一二三四五六七八九"
UNITS = ("", "十", "百", "千")
GROUPS = ("", "万", "亿", "万亿")


def say_one_by_one(digits: str) -> str:
    """2019 → 二零一九; everything that is not a digit is left out."""
    return "".join(DIGITS[int(digit)] for digit in digits if digit.isdecimal())


def say_as_code(digits: str) -> str:
    """12119 → 幺二幺幺九, as telephone numbers, plates and rooms are said."""
    return say_one_by_one(digits).replace("一", "幺")


def say_amount(number: str) -> str:
    """27200 → 两万七千二百, 2.36 → 二点三六; commas between thousands are allowed."""
    whole, point, fraction = number.replace(",", "").partition(".")
    spoken = _integer(whole.lstrip("0"))
    return f"{spoken}点{say_one_by_one(fraction)}" if point else spoken


def say_counted(number: str) -> str:
    """The same before a measure word, where 2 alone is 两."""
    return "两" if number == "2" else say_amount(number)


def _integer(digits: str) -> str:
    if not digits:
        return "零"
    if len(digits) > 16:
        return say_one_by_one(digits)
    groups = [digits[max(0, end - 4) : end] for end in range(len(digits), 0, -4)]
    spoken = ""
    for place in range(len(groups) - 1, -1, -1):
        group = groups[place]
        if int(group) == 0:
            continue
        gap = "零" if spoken and (group.startswith("0") or groups[place + 1] == "0000") else ""
        said = _below_ten_thousand(group.lstrip("0"), leads=not spoken)
        spoken += gap + ("两" if said == "二" and place else said) + GROUPS[place]
    return spoken


def _below_ten_thousand(digits: str, leads: bool) -> str:
    spoken, pending_zero = "", False
    for index, digit in enumerate(digits):
        place = len(digits) - 1 - index
        if digit == "0":
            pending_zero = bool(spoken)
            continue
        name = "两" if digit == "2" and place == 3 and leads and not spoken else DIGITS[int(digit)]
        if leads and not spoken and digit == "1" and place == 1:
            name = ""
        spoken += ("零" if pending_zero else "") + name + UNITS[place]
        pending_zero = False
    return spoken
