"""What a fit raises where nothing is wrong, but there is not enough yet."""


class TooLittle(ValueError):
    """There is too little to learn from."""
