"""The local desk: everything on one machine, from an empty folder to an address, under one supervisor."""
