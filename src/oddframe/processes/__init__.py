"""Verbs in processes begun aside: less of the machine, a log, an end with who began them."""
