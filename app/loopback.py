"""Which names and addresses mean this machine itself."""

from functools import lru_cache
from ipaddress import ip_address


@lru_cache(256)
def is_loopback(host: str) -> bool:
    """Whether a name or address reaches nothing but this machine; asked for every request."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
