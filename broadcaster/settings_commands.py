"""`broadcaster config`: the settings that are in force, as they can be written in the file."""

from broadcaster.console import Arguments, report


def show_config(arguments: Arguments) -> int:
    import yaml

    from broadcaster.setting_values import as_written
    from broadcaster.settings import load_settings

    settings = load_settings(arguments.config)
    text = yaml.safe_dump(as_written(settings), allow_unicode=True, sort_keys=False)
    report(settings.model_dump(mode="json"), text.rstrip("\n"), arguments)
    return 0
