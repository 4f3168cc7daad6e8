import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;

/** One Avro record type in the Confluent wire format: a zero byte, four bytes of schema id, the body. */
final class Wire {
    private static final int HEADER = 5;

    private final byte[] header;
    private final Schema schema;
    private final GenericDatumReader<GenericRecord> reader;
    private final GenericDatumWriter<GenericRecord> writer;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    private BinaryDecoder decoder;
    private BinaryEncoder encoder;

    Wire(int schemaId, Path file) {
        header = ByteBuffer.allocate(HEADER).put((byte) 0).putInt(schemaId).array();
        try {
            schema = new Schema.Parser().parse(file.toFile());
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
        reader = new GenericDatumReader<>(schema);
        writer = new GenericDatumWriter<>(schema);
    }

    Schema schema() {
        return schema;
    }

    GenericRecord decode(byte[] value) {
        decoder = DecoderFactory.get().binaryDecoder(value, HEADER, value.length - HEADER, decoder);
        try {
            return reader.read(null, decoder);
        } catch (IOException malformed) {
            throw new UncheckedIOException(malformed);
        }
    }

    byte[] encode(GenericRecord record) {
        bytes.reset();
        bytes.writeBytes(header);
        encoder = EncoderFactory.get().binaryEncoder(bytes, encoder);
        try {
            writer.write(record, encoder);
            encoder.flush();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }
}
