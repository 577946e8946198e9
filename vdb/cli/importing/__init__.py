"""Parts of `vdb import` beside the file formats: target, repeated ids, places in messages."""
