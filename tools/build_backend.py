"""meson-python, told that the wheel holds no extension module.

libtakeo.so knows no Python version, so one wheel `py3-none-<platform>` fits every interpreter.
meson-python sees a library inside the package and would tag it for one version only.  The name
that is overridden here is private: that is why pyproject.toml pins meson-python.
"""
import mesonpy
from mesonpy import *  # noqa: F401,F403 - the hooks of PEP 517 and 660

mesonpy._WheelBuilder._has_extension_modules = property(lambda self: False)
