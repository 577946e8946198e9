"""What `vdb import` needs beside the files: its target, repeated ids, places of errors."""
