"""The page in a real browser. A package, so that the one box and the one Chromium end with it."""
