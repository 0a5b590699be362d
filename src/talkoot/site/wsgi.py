"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

from talkoot.core.ui.bodies import whole_bodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "talkoot.site.settings")
application = whole_bodies(get_wsgi_application())
