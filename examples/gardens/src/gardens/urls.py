"""The gardens' addresses."""

from django.urls import path

from gardens import pages

app_name = "gardens"
urlpatterns = [path("", pages.gardens, name="gardens")]
