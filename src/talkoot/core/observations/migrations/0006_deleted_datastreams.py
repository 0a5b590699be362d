"""Numbers of deleted datastreams, until and after their readings are forgotten."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds DeletedDatastream."""

    dependencies = [("observations", "0004_adopted_tables")]

    operations = [
        migrations.CreateModel(
            name="DeletedDatastream",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("deleted_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
        ),
    ]
