"""Placeholder to be replaced."""


def frame(request):
    return {}
