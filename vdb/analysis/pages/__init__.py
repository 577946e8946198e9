"""Pages for people: one self-contained HTML file each, with its plots inside.

A page needs no network, no script and no other file; it follows the reader's light or dark setting.
Text from a database is escaped, and a content security policy in the page keeps a browser from
loading anything.
"""
