from django.db import migrations

from talkoot.core.register import indexes


class Migration(migrations.Migration):

    dependencies = [
        ('register', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(indexes.create, indexes.drop),
    ]
