"""Where log lines go: standard output, a file, syslog. None of them can break a request, or hold it up for long."""

from app.core.observability.outputs.file import LogFile
from app.core.observability.outputs.standard import StandardOutput
from app.core.observability.outputs.syslogd import Syslog

__all__ = ["LogFile", "StandardOutput", "Syslog"]
