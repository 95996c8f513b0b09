"""Making data that the API could send or take: every generator is a plain function of a `fakejobs.generate.source.Source`."""
