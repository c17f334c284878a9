"""Measurements against other tools; started by `./run bench`. Nothing of the station imports this."""
