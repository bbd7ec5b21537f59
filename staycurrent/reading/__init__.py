"""From classified items to the month's reading: rank (pure), select (pure), and the readings kept in the store."""
