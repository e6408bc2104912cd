"""Valid requests of all 79 operations in a prepared world, and what is made of them."""
