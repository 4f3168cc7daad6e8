import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** The deal stream with Kafka Streams: exactly once v2, state in RocksDB with a changelog. */
public final class DealStream implements Processor<String, byte[], String, byte[]> {
    private static final String ITEMS = "items";

    private final Wire changes;
    private final Wire events;
    private final Rules rules;
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, byte[]> items;

    private DealStream(Path schemas) {
        changes = new Wire(1, schemas.resolve("DealChange.avsc"));
        events = new Wire(2, schemas.resolve("DealEvent.avsc"));
        rules = new Rules(events.schema());
    }

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
        items = context.getStateStore(ITEMS);
    }

    @Override
    public void process(Record<String, byte[]> message) {
        GenericRecord change = changes.decode(message.value());
        Item item = Item.decode(items.get(message.key()));
        List<GenericRecord> decided = rules.decide(item, change, message.timestamp());
        items.put(message.key(), item.encode());
        for (GenericRecord event : decided) {
            context.forward(message.withValue(events.encode(event)));
        }
    }

    public static void main(String[] args) throws InterruptedException {
        String in = args[1];
        String out = args[2];
        Path schemas = Path.of(args[3]);
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(Stores.keyValueStoreBuilder(
                Stores.persistentKeyValueStore(ITEMS), Serdes.String(), Serdes.ByteArray()).withCachingEnabled());
        builder.stream(in, Consumed.with(Serdes.String(), Serdes.ByteArray()))
                .process(() -> new DealStream(schemas), ITEMS)
                .to(out, Produced.with(Serdes.String(), Serdes.ByteArray()));
        KafkaStreams streams = new KafkaStreams(builder.build(), settings(args[0], in));
        CountDownLatch stopped = new CountDownLatch(1);
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
            return null;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close();
            stopped.countDown();
        }));
        streams.start();
        stopped.await();
    }

    private static Properties settings(String bootstrap, String in) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "bench-" + in);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, System.getenv("BENCH_STATE"));
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        return settings;
    }
}
