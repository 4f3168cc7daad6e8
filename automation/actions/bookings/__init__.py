"""Actions that book employees in fields of type resource booking, and free them again."""
