import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;

/** The decisions of bench/workload.py once more: take the change over, then fire what applies. */
final class Rules {
    static final String FIRST_STAGE = "new";
    private static final List<String> STAGES = List.of(FIRST_STAGE, "qualified", "proposal", "contract", "won");
    private static final String[] COPIED = {"tenant", "item_type", "item_id", "occurred_at", "actor", "source", "stage"};

    private record Rule(String id, long least) {}

    private final Map<String, List<Rule>> byStage = new HashMap<>();
    private final Schema event;

    Rules(Schema event) {
        this.event = event;
        for (String stage : STAGES) {
            byStage.put(stage, List.of(
                    new Rule(stage + "-tell-owner", 640_000), new Rule(stage + "-ask-approval", 840_000)));
        }
    }

    List<GenericRecord> decide(Item item, GenericRecord change, long now) {
        List<GenericRecord> fields = takeOver(item, change);
        item.updatedAt = now;
        List<GenericRecord> events = new ArrayList<>();
        String kind = change.get("stage") == null ? "fields_changed" : "stage_changed";
        events.add(event(item, change, kind, null, fields, events.size(), now));
        for (Rule rule : byStage.get(item.stage)) {
            if (item.amount >= rule.least) {
                events.add(event(item, change, "rule_fired", rule.id, List.of(), events.size(), now));
            }
        }
        return events;
    }

    @SuppressWarnings("unchecked")
    private static List<GenericRecord> takeOver(Item item, GenericRecord change) {
        if (change.get("stage") != null) {
            item.stage = change.get("stage").toString();
        }
        List<GenericRecord> fields = (List<GenericRecord>) change.get("fields");
        for (GenericRecord field : fields) {
            switch (field.get("name").toString()) {
                case "amount" -> item.amount = (Long) field.get("value");
                case "title" -> item.title = field.get("value").toString();
                default -> { }
            }
        }
        return fields;
    }

    private GenericRecord event(Item item, GenericRecord change, String type, String rule,
            List<GenericRecord> fields, int place, long now) {
        GenericRecord made = new GenericData.Record(event);
        for (String name : COPIED) {
            made.put(name, change.get(name));
        }
        made.put("event_id", change.get("change_id") + "/" + place);
        made.put("type", type);
        made.put("version", ++item.version);
        made.put("recorded_at", now);
        made.put("cause_id", change.get("change_id"));
        made.put("depth", rule == null ? 0 : 1);
        made.put("rule", rule);
        made.put("fields", fields);
        return made;
    }
}
