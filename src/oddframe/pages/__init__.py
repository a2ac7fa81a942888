"""The one look of every page: colours, style sheet, script, base template, tables."""
