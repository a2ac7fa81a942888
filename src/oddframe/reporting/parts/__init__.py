"""Parts of a page that the report and a comparison share."""
