"""Tables of adopted runs, and the datastreams that show them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds AdoptedTable and Datastream.adopted_table."""

    dependencies = [("observations", "0002_alerts")]

    operations = [
        migrations.CreateModel(
            name="AdoptedTable",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("procedure", models.CharField(max_length=80)),
                ("path", models.CharField(max_length=300, unique=True)),
                ("moment", models.DateTimeField()),
                ("first", models.BigIntegerField()),
                ("most", models.BigIntegerField()),
                ("shown_at", models.DateTimeField(null=True)),
            ],
            options={"indexes": [models.Index(fields=["procedure"], name="adopted_table_procedure")]},
        ),
        migrations.AddField(
            model_name="datastream",
            name="adopted_table",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="datastreams",
                to="observations.adoptedtable",
            ),
        ),
    ]
