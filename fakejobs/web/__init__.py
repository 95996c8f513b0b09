"""The Flask side: decode, one call of the hub, encode."""
