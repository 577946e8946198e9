"""What runs under sanitizers: a crowd of threads in Python, programs in C++."""
