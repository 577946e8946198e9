"""How records and hits are shown, and how they become JSON.

`short_repr`        a line for a prompt or a log
`html`              tables for notebooks
`json_dicts`        dicts that JSON can hold
`pydantic_schemas`  what pydantic and FastAPI ask of a class
"""
