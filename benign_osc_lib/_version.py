"""The version of this library, where the build and the library itself both find it."""

__version__ = "0.1.0"
