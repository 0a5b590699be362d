"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from talkoot.core.ui.bodies import whole_bodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "talkoot.site.settings")
application = whole_bodies(get_wsgi_application())
_ = get_resolver().url_patterns  # read now, so that no visitor waits for it
