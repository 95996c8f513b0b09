"""Reaching the WSGI app: from sockets, with threads or asyncio, and in process."""
