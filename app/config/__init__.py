"""Every setting of the service: where it comes from, what it must be, and what happens when it is not."""

from app.config.environments import Config, Development, Production, Staging, Testing
from app.config.loading import EXIT_STATUS, ConfigError, load_config, load_config_or_exit

__all__ = [
    "EXIT_STATUS",
    "Config",
    "ConfigError",
    "Development",
    "Production",
    "Staging",
    "Testing",
    "load_config",
    "load_config_or_exit",
]
