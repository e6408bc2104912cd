"""Pure functions, values in and values out: no network, no database, no clock of their own."""
