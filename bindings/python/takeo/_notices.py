"""What a server says beside its answers, such as by RAISE NOTICE, as records of the logger `takeo.sql`.

Nothing is made of it while no handler wants it, nor where the program has not imported `logging`.  This module
knows no sources and no doors.
"""

from __future__ import annotations

import _thread
import sys

from ._abi import ffi
from ._lib import lib, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEBUG, INFO, WARNING = 10, 20, 30  # of logging
LEVELS = {lib.TAKEO_NOTICE_DEBUG: DEBUG, lib.TAKEO_NOTICE_WARNING: WARNING}  # INFO: all others
FIELDS = (
    "severity", "sqlstate", "detail", "hint", "context", "schema_name", "table_name", "column_name",
    "constraint_name",
)  # fmt: skip


_interrupted: list[BaseException] = []  # and not yet told


def _show(context: Any, shown: Any) -> None:
    logging = sys.modules.get("logging")
    if logging is None or _interrupted:
        return
    logger = logging.getLogger("takeo.sql")
    if not logger.handlers:  # else a program without handlers gets warnings on its standard error
        logger.addHandler(logging.NullHandler())
    levels = {number: logger.isEnabledFor(LEVELS.get(number, INFO)) for number in range(lib.TAKEO_NOTICE_WARNING + 1)}
    if not any(levels.values()):
        return
    for index in range(shown.notice_count):
        notice = shown.notices[index]
        if levels[notice.level]:
            said = {name: text(getattr(notice, name)) for name in FIELDS}
            said["connection"] = shown.connection
            level = LEVELS.get(notice.level, INFO)
            logger.log(level, "%s: %s", said["severity"], text(notice.message), extra=said)
    if shown.dropped:
        logger.info("%d further notices of the server came at once and were dropped", shown.dropped)


def _failed(kind: Any, raised: BaseException, trace: Any) -> None:
    """Of a handler: the statement goes on, and Ctrl-C is seen a moment later."""
    if isinstance(raised, KeyboardInterrupt):  # here it would come at once, and be lost
        _interrupted.append(raised)
        _thread.start_new_thread(_interrupt, (_thread.get_ident(),))
    else:
        sys.excepthook(kind, raised, trace)


def _interrupt(thread: int) -> None:
    """Ctrl-C once more, when that thread is back in the core, which looks for it.  Until then nothing is
    shown, or it might never be there."""
    import time

    while _is_showing(thread):
        time.sleep(0.0005)
    _interrupted.clear()
    _thread.interrupt_main()


def _is_showing(thread: int) -> bool:
    frame = sys._current_frames().get(thread)
    while frame is not None:
        if frame.f_code in (_show.__code__, _failed.__code__):
            return True
        frame = frame.f_back
    return False


_made: list[Any] = []


def callback() -> Any:
    """For takeo_source_options.show_notices of every source; made at first need, and never gone."""
    if not _made:
        _made.append(ffi.callback("void(void *, const takeo_notices *)", _show, onerror=_failed))
    return _made[0]
