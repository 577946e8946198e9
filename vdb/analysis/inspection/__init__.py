"""`Collection.inspect`: a collection, or one record of it, from the inside."""
