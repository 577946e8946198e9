"""One module a library: how it builds, saves, opens, searches and inserts. Run in its own venv."""
