"""How answers look: tables, JSON and pages. Only `output` prints."""
