"""Imports: files of a source read into the register, again and again, so that it says what the source says."""

from talkoot.core.register.importing.run import import_file

__all__ = ["import_file"]
