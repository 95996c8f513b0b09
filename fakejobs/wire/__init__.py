"""How everything looks on the wire: the schema with its dates, reading, checking, encoding."""
