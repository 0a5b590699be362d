"""The core's own pages: one module a page or a family of pages."""
