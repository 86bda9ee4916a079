"""How much a service can take: which loads to try, what an attempt says, what may be claimed. Pure."""
