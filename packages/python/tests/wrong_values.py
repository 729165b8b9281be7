"""What is no text, and no whole number from 0 on."""

LONE = "a\ud800"
NAN = float("nan")
NO_TEXTS = (5, b"x", ["x"], LONE)
NO_NUMBERS = (-1, 2**70, 1.5, NAN, "1", True)
