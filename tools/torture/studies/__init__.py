"""What studies say of a collection, held against plain searches and numpy."""
