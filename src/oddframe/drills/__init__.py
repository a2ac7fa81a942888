"""The drill: normal footage with real oddities put into it, to know what a run would notice."""
